"""The model card: what a model is, where it comes from, what was measured. Every figure comes from a measurement."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

CARD = "README.md"
FIGURES = "figures.json"
ADAPTED = """
# run where the paths below lead to the models
from peft import PeftModel
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, pipeline

tokenizer = AutoTokenizer.from_pretrained("{base}")
config = AutoConfig.from_pretrained("{place}")
model = AutoModelForSequenceClassification.from_pretrained("{base}", config=config)
model = PeftModel.from_pretrained(model, "{place}").merge_and_unload()
classify = pipeline("text-classification", model=model, tokenizer=tokenizer)
print(classify("{example}"))
"""
ADAPTED_TO_TOKENS = (
    ADAPTED.replace("AutoModelForSequenceClassification", "AutoModelForTokenClassification")
    .replace(
        '"text-classification", model=model, ', '"token-classification", model=model, aggregation_strategy="first", '
    )
    .replace("classify", "find")
)
WHOLE = """
# run where the path below leads to the model
from transformers import pipeline

print(pipeline("{task}", model="{place}")("{example}"))
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, a sentence or two, and rows of text under a header."""

    title: str
    intro: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table under its heading."""
        lines = [self.header, tuple("---" for _ in self.header), *self.rows]
        table = "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)
        return f"## {self.title}\n\n{self.intro}\n\n{table}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured: the tables of the card, and the bare values (name -> figure) behind the main ones."""

    tables: tuple[Table, ...]
    values: Mapping[str, float] = field(default_factory=dict)

    def save(self, directory: Path) -> None:
        """Write figures.json."""
        record = {"tables": [asdict(table) for table in self.tables], "values": dict(self.values)}
        (directory / FIGURES).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> Figures:
        """Read what `save` wrote."""
        record = json.loads((directory / FIGURES).read_text(encoding="utf-8"))
        tables = tuple(
            Table(each["title"], each["intro"], tuple(each["header"]), tuple(tuple(row) for row in each["rows"]))
            for each in record["tables"]
        )
        return cls(tables, record["values"])


@dataclass(frozen=True, slots=True)
class Card:
    """A card without its figures. facts: (name, sentence) of its origin; code: Python that loads and asks the model."""

    title: str
    licence: str
    origin: str
    about: str
    limits: str
    facts: tuple[tuple[str, str], ...]
    code: str
    languages: tuple[str, ...] = ("en",)

    def render(self, figures: Figures) -> str:
        """The card as Markdown."""
        facts = "\n".join(f"- **{name}** {sentence}" for name, sentence in self.facts)
        tables = "\n\n".join(table.markdown() for table in figures.tables)
        return f"""---
license: {self.licence}
language: {self.languages[0] if len(self.languages) == 1 else f"[{', '.join(self.languages)}]"}
base_model: {self.origin}
library_name: {next((name for name in ("peft", "onnxruntime") if name in self.code), "transformers")}
---
# {self.title}

{self.about}

**Not for:** {self.limits}

{tables}

## Where it comes from

{facts}

## In Python

```python
{self.code.strip()}
```
"""

    def write(self, directory: Path, figures: Figures) -> None:
        """Write README.md and figures.json beside the weights."""
        figures.save(directory)
        (directory / CARD).write_text(self.render(figures), encoding="utf-8")


def _cell(text: str) -> str:
    """A text on one line, with nothing that Markdown would take for a mark."""
    return re.sub(r"([|*_`\\])", r"\\\1", " ".join(text.split())).replace("<", "&lt;")
