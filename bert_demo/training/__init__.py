"""Making models: masked-language-model pre-training, fine-tuning, and the directory that comes out."""
