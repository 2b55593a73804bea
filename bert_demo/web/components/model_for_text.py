"""Which model a question is asked of: the visitor's, or for Chinese text the one that reads it, which is said."""

from __future__ import annotations

from dataclasses import replace

from bert_demo.registry.languages import mostly_chinese
from bert_demo.registry.models import for_text
from bert_demo.views.panels.input_bar import model_changed, model_for_chinese, model_returned
from bert_demo.web.examples import Example
from bert_demo.web.tab import Ask


def settled(asked: Ask, taken: Ask) -> tuple[Ask, str | None]:
    """The question with the model that answers it, and HTML that says so: "" for nothing to say, None for no change.

    asked: the question before; taken: the new one as the bar has it. A model other than that of the question before is
    the visitor's own choice and stays, for Chinese text too, until the text is no longer Chinese.
    """
    model = taken.model
    if taken.refused:
        return taken, None
    chinese = isinstance(taken.text, str) and mostly_chinese(taken.text)
    if model != asked.model:
        return replace(taken, before="", insists=chinese and for_text(model, taken.text) != model), ""
    if not chinese:
        back = asked.before or model
        said = None if back == model else model_returned(back)
        return replace(taken, model=back, before="", insists=False), said
    other = model if asked.insists else for_text(model, taken.text)
    if other == model:
        return taken, None
    return replace(taken, model=other, before=model), model_for_chinese(model, other)


def opened(ask: Ask, named: bool) -> tuple[Ask, str]:
    """The same for the question of a link. named: whether it names the model, which then is the wish of its writer."""
    other = for_text(ask.model, ask.text)
    if named or other == ask.model:
        return replace(ask, insists=other != ask.model), ""
    return replace(ask, model=other, before=ask.model), model_for_chinese(ask.model, other)


def of_example(asked: Ask, example: Example) -> tuple[Ask, str | None]:
    """The question of an example, and what to say of its model. An example for a model of its own changes to that."""
    chinese = mostly_chinese(example.ask.text)
    chosen = asked.model if chinese else asked.before or asked.model
    model = example.model(chosen)
    taken = replace(asked.again(example.ask.text, example.ask.pair, model), before="", insists=False)
    first = asked.before or asked.model
    if chinese and model != first and for_text(first, example.ask.text) == model:
        said = None if model == asked.model else model_for_chinese(first, model)
        return replace(taken, before=first), said
    if model == asked.model:
        return taken, None
    said = model_returned(model) if model == asked.before else model_changed(example.name, asked.model, model)
    return taken, said
