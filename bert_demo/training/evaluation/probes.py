"""Short sentences of our own on which models of this size stumble: negation, sarcasm, names.

They were written before the models were asked. A card shows how many went wrong and up to three of those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """A text and the answers that are right; none given: every answer but those in `wrong`."""

    text: str
    right: tuple[str, ...]
    wrong: tuple[str, ...] = ()

    def holds(self, answer: str) -> bool:
        """Whether an answer is right."""
        return answer in self.right if self.right else answer not in self.wrong


def _each(label: str, *texts: str) -> tuple[Probe, ...]:
    return tuple(Probe(text, (label,)) for text in texts)


PROBES: Mapping[str, Mapping[str, tuple[Probe, ...]]] = {
    "sentiment": {
        "negation": (
            *_each(
                "positive",
                "I would not say that this was a bad evening.",
                "There is nothing here that I did not enjoy.",
                "You will not be bored for a second.",
                "It never fails to surprise.",
                "Hardly a dull moment.",
                "No reason not to see it twice.",
            ),
            *_each(
                "negative",
                "I don't think, given the reviews, that anyone could call this good.",
                "It is not that I hated it, I just could not find anything to like.",
                "Nobody in the room seemed to enjoy it.",
                "I wanted to love it and could not.",
            ),
        ),
        "sarcasm": _each(
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
            *_each(
                "positive",
                "Hannibal Grimm is at his finest here.",
                "Death in Venice, staged by the Killer Brothers, moved me to tears.",
                "Terrible Tom is a lovely character and the children adored him.",
                "Dr. Doom and Madame Horror sang beautifully.",
            ),
            *_each(
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
            *_each(
                "Business",
                "This is not about football: the central bank raised its rates.",
                "No goals, no teams, only shareholders and profits today.",
            ),
            *_each(
                "Sports",
                "It was not the stock market that crashed but the leader of the Tour de France.",
                "Not a word about politics: the striker scored twice.",
            ),
            *_each(
                "World",
                "The minister did not talk about the Olympic games but about the cease-fire.",
                "Not computers but rebels stopped the trains, the government said.",
            ),
            *_each(
                "Sci/Tech",
                "The talk was not about war or elections but about black holes.",
                "No share prices here: the probe has landed on the comet.",
            ),
        ),
        "sarcasm": (
            *_each(
                "Sports",
                "Our strikers invest wisely: no goals, huge returns for the other team.",
                "The goalkeeper was generous and gave away three gifts before half-time.",
            ),
            *_each(
                "Business",
                "The bank won the gold medal in losing other people's money.",
                "The board played brilliantly and only lost two billion.",
            ),
            *_each(
                "World",
                "Peace talks went so well that only nine villages were shelled.",
                "The president scored another own goal with his emergency laws.",
            ),
            *_each(
                "Sci/Tech",
                "The update fixed everything except the bugs.",
                "A telescope so sharp that it finally found its own lens cap.",
            ),
        ),
        "names": (
            *_each(
                "Sports",
                "Oracle beat Apple 3-1 in the amateur league final.",
                "Baghdad United signed a new goalkeeper.",
            ),
            *_each(
                "Business",
                "Olympic Holdings cut its dividend after a weak quarter.",
                "Shares of Galaxy Foods fell by nine per cent.",
            ),
            *_each(
                "World",
                "Rebels took the town of Golf and the bridge over the river Tennis.",
                "President Newton met the prime minister for talks on the border.",
            ),
            *_each(
                "Sci/Tech",
                "Researchers named the new beetle after a football player.",
                "Mars is dry, say astronomers, but its poles hold ice.",
            ),
        ),
    },
    "spam": {
        "negation": _each(
            "ham",
            "No, I did not win anything, it was not a prize call after all.",
            "Don't call that number, it is not free.",
            "I never claimed the voucher.",
            "Not urgent, no reply needed.",
            "You have not won this argument yet!",
            "It is not a free offer, you would have to pay for the phone.",
        ),
        "sarcasm": _each(
            "ham",
            "Congratulations, you have won the right to wash up tonight!",
            "Exclusive offer: come home now and you may feed the cat for free.",
            "URGENT! We are out of chocolate. Call me NOW.",
            "Claim your prize: one cold cup of tea, waiting since noon.",
            "Limited time only: your sister is being nice to me.",
            "Guaranteed winner of the worst driver award: you.",
        ),
        "names": (
            *_each(
                "ham",
                "Are you going to see Free Willy with Prize and Bonus tonight?",
                "Nokia my dog is at the vet, call me later.",
                "Meet me at the Vodafone shop at 5.",
                "Tell Cash I will be late.",
            ),
            *_each(
                "spam",
                "Hi it is Anna from the lottery, text WIN to 80086 now, 150p per message.",
                "Your friend John has sent you a secret message, call 09066358152 to hear it.",
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
    """A category: how many of its sentences went wrong, and up to three of them with answer and probability."""

    category: str
    wrong: int
    count: int
    examples: tuple[tuple[str, str, float], ...]


def evaluate_probes(name: str, ask: Callable[[str], tuple[str, float]], most: int = 3) -> list[ProbeReport]:
    """Ask every sentence of a model; `ask` returns the answer and its probability. Most confident mistakes first."""
    reports = []
    for category, probes in PROBES[name].items():
        answers = [(probe, *ask(probe.text)) for probe in probes]
        wrong = [(probe.text, answer, score) for probe, answer, score in answers if not probe.holds(answer)]
        wrong.sort(key=lambda each: -each[2])
        reports.append(ProbeReport(category, len(wrong), len(probes), tuple(wrong[:most])))
    return reports
