"""What is read at a step: everything once an epoch, nothing padded, the same always."""

from __future__ import annotations

import numpy as np
import torch
from tiny_pretraining import MIXTURE, text, tokenizer

from bert_demo.training.pretraining.flat import flatten, rows_of, split_by_tokens
from bert_demo.training.pretraining.masking import masking_rule
from bert_demo.training.pretraining.order import PieceOrder, equal_groups
from bert_demo.training.pretraining.packing import IS_NEXT, NO_PAIR, NOT_NEXT, collate, frame, lengths


def test_groups_hold_every_piece_once_and_one_length_each() -> None:
    sizes = np.random.default_rng(0).integers(3, 30, 500)
    groups = equal_groups(sizes, 60, np.random.default_rng(1))
    assert sorted(np.concatenate(groups).tolist()) == list(range(500))
    assert all(len(set(sizes[group].tolist())) == 1 for group in groups)
    assert max(int(sizes[group].sum()) for group in groups) <= 60
    whole = [group for group in groups if sizes[group].sum() > 60 - sizes[group[0]]]
    assert len(groups) - len(whole) <= 27  # at most one broken group of each length


def test_steps_depend_on_the_step_alone_and_read_an_epoch() -> None:
    corpus = text()
    order = PieceOrder(corpus, MIXTURE, 200, seed=5, group_tokens=50)
    inorder = [order.at(step) for step in range(60)]
    for step in (41, 3, 59, 0):
        again = PieceOrder(corpus, MIXTURE, 200, seed=5, group_tokens=50).at(step)
        for one, other, third in zip(inorder[step], again, order.at(step), strict=True):
            assert np.array_equal(one, other) and np.array_equal(one, third)
    tokens = [sum(int(lengths(group).sum()) for group in groups) for groups in inorder]
    assert abs(sum(tokens) / len(tokens) - 200) < 5 and max(tokens) < 200 + 50
    other = PieceOrder(corpus, MIXTURE, 200, seed=6, group_tokens=50).at(0)
    assert [group.tolist() for group in other] != [group.tolist() for group in inorder[0]]


def test_rows_are_those_of_the_padded_batch() -> None:
    corpus = text()
    found = dict.fromkeys((IS_NEXT, NOT_NEXT, NO_PAIR), 0)
    order = PieceOrder(corpus, MIXTURE, 400, group_tokens=100)
    for group in (group for step in range(5) for group in order.at(step)):
        expected = collate(corpus, group, frame(tokenizer()))
        assert expected["attention_mask"].all()
        ids, types = rows_of(corpus, group, frame(tokenizer()))
        assert torch.equal(ids, expected["input_ids"]) and torch.equal(types, expected["token_type_ids"])
        for kind in found:
            found[kind] += int((group[:, 4] == kind).sum())
    assert min(found.values()) > 5


def test_flat_batch_puts_masked_places_and_pairs_where_they_are() -> None:
    corpus = text()
    groups = PieceOrder(corpus, MIXTURE, 400, group_tokens=100).at(0)
    rule = masking_rule(tokenizer(), 0.3)
    batch = flatten(corpus, groups, frame(tokenizer()), rule, torch.Generator().manual_seed(2))
    rows = [rows_of(corpus, group, frame(tokenizer())) for group in groups]
    true = torch.cat([ids.flatten() for ids, _ in rows])
    assert batch.shapes == tuple(tuple(ids.shape) for ids, _ in rows)
    assert batch.tokens == len(true)
    assert torch.equal(batch.types[: len(true)], torch.cat([types.flatten() for _, types in rows]))
    chosen = batch.chosen[: batch.masked]
    assert torch.equal(batch.targets[: batch.masked], true[chosen])
    rest = torch.ones(len(true), dtype=torch.bool)
    rest[chosen] = False
    assert torch.equal(batch.ids[: len(true)][rest], true[rest])
    masked = batch.ids[chosen] == tokenizer().mask_token_id
    assert 0.6 < float(masked.float().mean()) < 1
    assert batch.positions[:3].tolist() == [0, 1, 2] and int(batch.positions.max()) < 32
    firsts = batch.firsts[: batch.pairs]
    assert (batch.positions[firsts] == 0).all() and (true[firsts] == tokenizer().cls_token_id).all()
    kinds = np.concatenate([group[:, 4] for group in groups])
    assert batch.follows[: batch.pairs].tolist() == kinds[kinds != NO_PAIR].tolist()


def test_rows_of_a_flat_batch_are_filled_to_few_lengths() -> None:
    corpus, rule = text(), masking_rule(tokenizer(), 0.3)
    order = PieceOrder(corpus, MIXTURE, 400, group_tokens=100)
    for step in range(6):
        batch = flatten(corpus, order.at(step), frame(tokenizer()), rule, torch.Generator().manual_seed(step))
        assert len(batch.ids) - batch.tokens < 64 and len(batch.ids) % 64 == 0
        assert len(batch.positions) == len(batch.types) == len(batch.ids)
        assert len(batch.targets) % 32 == 0 == len(batch.follows) % 8
        assert (batch.targets[batch.masked :] == -100).all() and (batch.targets[: batch.masked] >= 0).all()
        assert (batch.follows[batch.pairs :] == -100).all() and (batch.ids[batch.tokens :] == 0).all()


def test_groups_of_a_step_are_parted_by_tokens() -> None:
    groups = PieceOrder(text(), MIXTURE, 400, group_tokens=100).at(1)
    runs = split_by_tokens(groups, 150)
    assert [group.tolist() for run in runs for group in run] == [group.tolist() for group in groups]
    assert len(runs) > 2 and max(sum(int(lengths(group).sum()) for group in run) for run in runs) <= 150
