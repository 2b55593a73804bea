"""Short sentences of our own on which models of this size stumble: negation, sarcasm, names.

They were made to be hard, so the share that goes wrong says nothing about ordinary texts. A card shows how many went
wrong and up to three of those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bert_demo.training.evaluation.chinese_probes import CHINESE
from bert_demo.training.evaluation.probe import Probe, each_of

PROBES: Mapping[str, Mapping[str, tuple[Probe, ...]]] = {
    "sentiment": {
        "negation": (
            *each_of(
                "positive",
                "I would not say that this was a bad evening.",
                "There is nothing here that I did not enjoy.",
                "You will not be bored for a second.",
                "It never fails to surprise.",
                "Hardly a dull moment.",
                "No reason not to see it twice.",
            ),
            *each_of(
                "negative",
                "I don't think, given the reviews, that anyone could call this good.",
                "It is not that I hated it, I just could not find anything to like.",
                "Nobody in the room seemed to enjoy it.",
                "I wanted to love it and could not.",
            ),
        ),
        "sarcasm": each_of(
            "negative",
            "Oh great, another two hours of my life that I will cherish forever.",
            "A triumph, if you enjoy watching paint dry.",
            "What a brilliant idea to cut every scene that made sense.",
            "I loved it so much that I left after twenty minutes.",
            "Congratulations to the director for making explosions look boring.",
            "Truly a masterpiece of how not to tell a story.",
            "Bring a pillow, you will sleep wonderfully.",
            "The best part was the end, because it was over.",
        ),
        "names": (
            *each_of(
                "positive",
                "Hannibal Grimm is at his finest here.",
                "Death in Venice, staged by the Killer Brothers, moved me to tears.",
                "Terrible Tom is a lovely character and the children adored him.",
                "Dr. Doom and Madame Horror sang beautifully.",
            ),
            *each_of(
                "negative",
                "Joy Love has never been less interesting.",
                "Grace Goodman and Victor Best sleepwalk through their scenes.",
                "Charming is the name of the village; the play is a bore.",
                "Happy Endings, the second film of Felix Wonder, is a mess.",
            ),
        ),
    },
    "topics": {
        "negation": (
            *each_of(
                "Business",
                "This is not about football: the central bank raised its rates.",
                "No goals, no teams, only shareholders and profits today.",
            ),
            *each_of(
                "Sports",
                "It was not the stock market that crashed but the leader of the Tour de France.",
                "Not a word about politics: the striker scored twice.",
            ),
            *each_of(
                "World",
                "The minister did not talk about the Olympic games but about the cease-fire.",
                "Not computers but rebels stopped the trains, the government said.",
            ),
            *each_of(
                "Sci/Tech",
                "The talk was not about war or elections but about black holes.",
                "No share prices here: the probe has landed on the comet.",
            ),
        ),
        "sarcasm": (
            *each_of(
                "Sports",
                "Our strikers invest wisely: no goals, huge returns for the other team.",
                "The goalkeeper was generous and gave away three gifts before half-time.",
            ),
            *each_of(
                "Business",
                "The bank won the gold medal in losing other people's money.",
                "The board played brilliantly and only lost two billion.",
            ),
            *each_of(
                "World",
                "Peace talks went so well that only nine villages were shelled.",
                "The president scored another own goal with his emergency laws.",
            ),
            *each_of(
                "Sci/Tech",
                "The update fixed everything except the bugs.",
                "A telescope so sharp that it finally found its own lens cap.",
            ),
        ),
        "names": (
            *each_of(
                "Sports",
                "Oracle beat Apple 3-1 in the amateur league final.",
                "Baghdad United signed a new goalkeeper.",
            ),
            *each_of(
                "Business",
                "Olympic Holdings cut its dividend after a weak quarter.",
                "Shares of Galaxy Foods fell by nine per cent.",
            ),
            *each_of(
                "World",
                "Rebels took the town of Golf and the bridge over the river Tennis.",
                "President Newton met the prime minister for talks on the border.",
            ),
            *each_of(
                "Sci/Tech",
                "Researchers named the new beetle after a football player.",
                "Mars is dry, say astronomers, but its poles hold ice.",
            ),
        ),
    },
    "spam": {
        "negation": (
            *each_of(
                "ham",
                "No, I did not win anything, it was not a prize call after all.",
                "Don't call that number, it is not free.",
                "You have not won this argument yet!",
                "It is not a free offer, you would have to pay for the phone.",
                "Cash and Bonus, your two cats, are not in, nothing won, text me when you find them 07700900222",
            ),
            *each_of(
                "spam",
                "Not a joke: your parcel was not delivered, confirm your address with our agent today.",
                "We could not reach you about your refund, do not miss it, write to our office.",
                "No fee, no risk, nothing to lose: ask our adviser about the loan.",
            ),
        ),
        "sarcasm": (
            *each_of(
                "ham",
                "Congratulations, you have won the right to wash up tonight!",
                "URGENT! We are out of chocolate. Call me NOW.",
                "WINNER!! Guess who finally passed the driving test, text back for a free ride",
                "Congrats, urgent: you have been selected to do the dishes. Reply STOP if you dare.",
            ),
            *each_of(
                "spam",
                "Oh sure, ignore this, who would want their debts written off anyway. Ask us how.",
                "Still paying for ringtones? How clever of you. Switch to us.",
                "Of course you hate money, that is why you have not answered our offer yet.",
            ),
        ),
        "names": (
            *each_of(
                "ham",
                "Nokia my dog is at the vet, call me later.",
                "Meet me at the Vodafone shop at 5.",
                "Dr. Prize will call you about the free check-up at 9.",
            ),
            *each_of(
                "spam",
                "Hi it is Anna from the lottery, text WIN to 80086 now, 150p per message.",
                "Hi it is Kate, I saw your photo and would love to meet you, write back soon.",
                "Dear friend, I am Mrs Grace from the bank and I have a proposal for you.",
                "Hello from Lisa, your old classmate, I lost my wallet, can you send money today?",
            ),
        ),
    },
    "base": {
        "negation": (
            Probe("A robin is not a [MASK].", (), ("bird", "robin")),
            Probe("Paris is not in [MASK].", (), ("france", "paris", "europe")),
            Probe("Birds cannot live without [MASK], but fish do not fly.", (), ("birds", "fish")),
            Probe("Fire is not [MASK].", (), ("hot", "fire")),
            Probe("You cannot see with your [MASK], only with your eyes.", (), ("eyes", "eye")),
            Probe("A circle has no [MASK].", (), ("circle", "circles", "center", "radius")),
        ),
        "sarcasm": (
            Probe(
                "'A clever plan,' she laughed when it had failed. She thought that the plan was [MASK].",
                (),
                ("clever", "good", "great", "brilliant", "perfect", "working", "successful"),
            ),
            Probe(
                "'Nice driving,' he said to the woman who had hit his car. He found her driving [MASK].",
                (),
                ("nice", "good", "well", "great", "fine", "excellent"),
            ),
            Probe(
                "'Great weather,' he said, wet to the skin. He thought that the weather was [MASK].",
                (),
                ("great", "good", "fine", "beautiful", "nice", "perfect", "wonderful"),
            ),
            Probe(
                "'What a lovely present,' she said and rolled her eyes. She found the present [MASK].",
                (),
                ("lovely", "beautiful", "good", "wonderful", "great", "perfect", "nice"),
            ),
            Probe(
                "'Brilliant soup,' he said and poured it away. To him the soup was [MASK].",
                (),
                ("brilliant", "good", "great", "delicious", "excellent", "perfect", "wonderful", "beautiful"),
            ),
            Probe(
                "My train is late again. What a [MASK] start.",
                (),
                ("great", "good", "nice", "wonderful", "perfect", "beautiful", "fine"),
            ),
            Probe(
                "It rained all week. Such [MASK] weather for a picnic, we all complained.",
                (),
                ("good", "great", "nice", "fine", "beautiful", "perfect"),
            ),
            Probe(
                "He broke my only cup. How very [MASK] of him, I sighed.", (), ("good", "kind", "nice", "proud", "fond")
            ),
            Probe("Three hours in a queue: I was [MASK].", (), ("happy", "pleased", "glad", "delighted")),
        ),
        "names": (
            Probe("[MASK] wrote Hamlet and Macbeth.", ("shakespeare",)),
            Probe("The theory of relativity was developed by Albert [MASK].", ("einstein",)),
            Probe("The first president of the United States was George [MASK].", ("washington",)),
            Probe("The capital of Italy is [MASK].", ("rome",)),
            Probe("Berlin is the capital of [MASK].", ("germany",)),
            Probe("Tokyo is a city in [MASK].", ("japan",)),
            Probe("Mount Everest lies between Nepal and [MASK].", ("china", "tibet")),
            Probe("Charles [MASK] proposed the theory of evolution by natural selection.", ("darwin",)),
        ),
    },
}


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """A category: how many of its sentences went wrong, and up to three of them with answer and probability.

    further: mistakes on the test sets that belong here, where fewer than three sentences went wrong.
    """

    category: str
    wrong: int
    count: int
    examples: tuple[tuple[str, str, float], ...]
    further: tuple[tuple[str, str, float], ...] = ()


def evaluate_probes(name: str, ask: Callable[[str], tuple[str, float]], most: int = 3) -> list[ProbeReport]:
    """Ask every sentence of a model; `ask` returns the answer and its probability. Most confident mistakes first."""
    reports = []
    for category, probes in {**PROBES, **CHINESE}[name].items():
        answers = [(probe, *ask(probe.text)) for probe in probes]
        wrong = [(probe.text, answer, score) for probe, answer, score in answers if not probe.holds(answer)]
        wrong.sort(key=lambda each: -each[2])
        reports.append(ProbeReport(category, len(wrong), len(probes), tuple(wrong[:most])))
    return reports


_SIGNS = {
    "negation": re.compile(
        r"\b(?:not|never|no|nothing|nobody|neither|nor|without|hardly)\b|n't\b|[不没无未非别]", re.IGNORECASE
    ),
    "names": re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+ [A-Z][a-z]+|[王李张刘陈杨赵黄周吴][一-鿿]{1,2}(?=[说是在的])"),
}
"""How a negation or a name (two capitalised words inside a sentence) is found in a text; sarcasm has no sign."""


def topped_up(report: ProbeReport, mistakes: Sequence[tuple[str, str, float]], most: int = 3) -> ProbeReport:
    """The report with real mistakes (text, answer, probability; the surest first) added up to `most` examples."""
    sign = _SIGNS.get(report.category)
    missing = most - len(report.examples)
    if sign is None or missing <= 0:
        return report
    ranked = sorted(mistakes, key=lambda each: -each[2])
    return replace(report, further=tuple(each for each in ranked if sign.search(each[0]))[:missing])
