"""The model families that can be loaded: one row each, read before torch is. Adding a family is adding a row.

What needs code beside its row stands in one file of `models/surgery` or `models/loading`; that a row is right is found
by the trial at load (`models/trial.py`). Module paths are those of transformers 5.23.
"""

from __future__ import annotations

from typing import Any

from bert_demo.registry.family import Family as Family

DISTILBERT_NAMES = {
    "hidden_size": "dim",
    "num_hidden_layers": "n_layers",
    "num_attention_heads": "n_heads",
    "intermediate_size": "hidden_dim",
}
_OWN: dict[str, Any] = {"attention_interface": False}
_ROBERTA: dict[str, Any] = {"first_position": None, "segments": 1}
_PLAIN_ROBERTA = {"plain_layers": True, **_ROBERTA}
_ROTARY: dict[str, Any] = {"layers": "layers", "attention": "self_attn", "projection": "self_attn.o_proj"}
_DEBERTA: dict[str, Any] = {"stack": "encoder", "segments": 0, **_OWN}
_ROWS = (
    Family("bert", "Bert", plain_layers=True, next_sentence=True),
    Family(
        "distilbert",
        "DistilBert",
        tokenizer_class="DistilBertTokenizer",
        layers="transformer.layer",
        attention="attention",
        projection="attention.out_lin",
        segments=0,
        names=DISTILBERT_NAMES,
    ),
    Family("roberta", "Roberta", "bytes", "RobertaTokenizer", **_PLAIN_ROBERTA),
    Family(
        "albert",
        "Albert",
        "unigram",
        "AlbertTokenizer",
        layers="encoder.albert_layer_groups",
        shared_layers=True,
        attention="albert_layers.0.attention",
        projection="albert_layers.0.attention.dense",
        widening="encoder.embedding_hidden_mapping_in",
    ),
    Family("electra", "Electra", tokenizer_class="ElectraTokenizer", plain_layers=True, widening="embeddings_project"),
    Family("mobilebert", "MobileBert", next_sentence=True),
    Family("xlm-roberta", "XLMRoberta", "unigram", "XLMRobertaTokenizer", **_PLAIN_ROBERTA),
    Family("camembert", "Camembert", "unigram", "CamembertTokenizer", **_PLAIN_ROBERTA),
    Family(
        "mpnet",
        "MPNet",
        tokenizer_class="MPNetTokenizer",
        attention="attention.attn",
        projection="attention.attn.o",
        first_position=2,
        segments=0,
        **_OWN,
    ),
    Family("ernie", "Ernie", plain_layers=True, next_sentence=True),
    Family("rembert", "RemBert", "unigram", "RemBertTokenizer", widening="encoder.embedding_hidden_mapping_in", **_OWN),
    Family(
        "modernbert",
        "ModernBert",
        "bytes",
        "PreTrainedTokenizerFast",
        layers="layers",
        attention="attn",
        projection="attn.Wo",
        final_norm="final_norm",
        segments=0,
    ),
    Family("deberta", "Deberta", "bytes", "DebertaTokenizer", **_DEBERTA),
    Family("deberta-v2", "DebertaV2", "unigram", "DebertaV2Tokenizer", beside="encoder.conv", **_DEBERTA),
    Family(
        "eurobert",
        "EuroBert",
        "bytes",
        "PreTrainedTokenizerFast",
        embeddings="embed_tokens",
        final_norm="norm",
        segments=0,
        **_ROTARY,
    ),
    Family("nomic_bert", "NomicBert", **_ROTARY),
    Family("gte", "Gte", "unigram", "XLMRobertaTokenizer", segments=1, **_ROTARY),
    Family("jina_embeddings_v3", "JinaEmbeddingsV3", "unigram", "XLMRobertaTokenizer", segments=1, **_ROTARY),
    Family(
        "convbert",
        "ConvBert",
        tokenizer_class="ConvBertTokenizer",
        head_parts=2,
        widening="embeddings_project",
        note="Half of what each layer reads comes from its attention heads, the other half from a convolution.",
        **_OWN,
    ),
    Family(
        "squeezebert",
        "SqueezeBert",
        layers="encoder.layers",
        attention="attention",
        projection="post_attention.conv1d",
        channels_first=True,
        scores=True,
        note="transformers gives its attention before the softmax; what is shown is behind it.",
        **_OWN,
    ),
    Family("roformer", "RoFormer", widening="embeddings_project", **_OWN),
    Family("xmod", "Xmod", "unigram", "XLMRobertaTokenizer", stack="encoder", **_ROBERTA),
    Family("megatron-bert", "MegatronBert", final_norm="encoder.ln", next_sentence=True, **_OWN),
    Family("data2vec-text", "Data2VecText", "bytes", "RobertaTokenizer", **_PLAIN_ROBERTA),
    Family(
        "roberta-prelayernorm",
        "RobertaPreLayerNorm",
        "bytes",
        "RobertaTokenizer",
        final_norm="LayerNorm",
        **_ROBERTA,
    ),
    Family(
        "xlm-roberta-xl",
        "XLMRobertaXL",
        "unigram",
        "XLMRobertaTokenizer",
        final_norm="encoder.LayerNorm",
        **_ROBERTA,
    ),
    Family(
        "big_bird",
        "BigBird",
        "unigram",
        "BigBirdTokenizer",
        settings={"attention_type": "original_full"},
        note="Its attention is computed in full, as transformers does for texts of up to 704 tokens.",
        **_OWN,
    ),
    Family(
        "fnet",
        "FNet",
        "unigram",
        "FNetTokenizer",
        segments=4,
        next_sentence=True,
        note="Its layers mix tokens by a Fourier transform in place of attention.",
        **_OWN,
    ),
    Family(
        "esm",
        "Esm",
        "letters",
        "EsmTokenizer",
        final_norm="encoder.emb_layer_norm_after",
        first_position=None,
        positions=("absolute", "rotary"),
        segments=0,
    ),
    Family("roc_bert", "RoCBert", tokenizer_class="RoCBertTokenizer"),
)
FAMILIES: dict[str, Family] = {row.model_type: row for row in _ROWS}
