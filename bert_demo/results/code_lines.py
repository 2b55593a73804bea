"""The lines of Python that give the same features without this project."""

from __future__ import annotations

from bert_demo.results.representations import Features


def three_lines(
    result: Features, source: str, text: str, pair: str | None, adapter: str = "", revision: str = "", labels: int = 0
) -> str:
    """Python that gives `values` as the array `features`: imports, then three lines.

    source: directory or hub id of the model, or of the base of `adapter`, whose classifier needs two lines more;
    labels: of that classifier, where the adapter has no configuration of its own.
    """
    at = f", revision={revision!r}" if revision else ""
    if adapter:
        configured = f"{source!r}, num_labels={labels}" if labels else repr(adapter)
        head = [
            "from peft import PeftModel",
            "from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer",
            "",
            f"config = AutoConfig.from_pretrained({configured})",
            f"model = AutoModelForSequenceClassification.from_pretrained({source!r}, config=config, dtype='float32')",
            f"model = PeftModel.from_pretrained(model, {adapter!r}).merge_and_unload().eval()",
        ]
    else:
        head = [
            "from transformers import AutoModel, AutoTokenizer",
            "",
            f"model = AutoModel.from_pretrained({source!r}{at}, dtype='float32')",
        ]
    texts = repr(text) if pair is None or pair == "" else f"{text!r}, {pair!r}"
    rows = {None: "", "mean": ".mean(0, keepdims=True)", "cls": "[:1]"}[result.pooling]
    return "\n".join(
        [
            *head,
            f'inputs = AutoTokenizer.from_pretrained({source!r}{at})({texts}, return_tensors="pt")',
            "features = model(**inputs, output_hidden_states=True)"
            f".hidden_states[{result.layer}][0].detach().numpy(){rows}",
        ]
    )
