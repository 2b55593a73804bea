"""The page and its server. `tabs` has a file for each lens; nothing else knows gradio."""
