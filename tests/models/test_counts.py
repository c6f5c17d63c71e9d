from collections import Counter, defaultdict
from random import Random

import numpy as np
import pytest
import torch
from spaces import verb_noun

from foretaste.contracts.batch import UNLABELLED, Batch
from foretaste.contracts.errors import DataError
from foretaste.contracts.view import Sources
from foretaste.models.counts import FLOOR
from foretaste.settings import families
from foretaste.training.checkpoint import load_model, save_model

#: Seven actions of three verbs and four nouns; verb 2 has no action.
SPACE = verb_noun(
    action=tuple("abcdefg"), verb=("v0", "v1", "v2", "v3"), noun=("n0", "n1", "n2", "n3"),
    action_verb=(0, 0, 1, 1, 3, 3, 3), action_noun=(0, 1, 1, 2, 2, 3, 0),
)  # fmt: skip
SOURCES = Sources(classes=SPACE)


def build(*tables):
    return families.build("models", {"kind": "counts", "tables": tables}, sources=SOURCES)


def ask(model, history):
    return model(Batch(ids=(), inputs={"history": history})).logits


@pytest.fixture
def data():
    """History (S, 5) and targets (S,) of 400 samples; action 6 is never a target, and short histories are
    padded on the left.
    """
    rng = Random(1)
    history = torch.tensor([[rng.choice([0, 1, 1, 2, 3, 4, 5, 6]) for _ in range(5)] for _ in range(400)])
    for row in range(0, 400, 7):
        history[row, : rng.randint(1, 5)] = UNLABELLED
    return history, torch.tensor([rng.choice([0, 0, 1, 2, 3, 4, 5]) for _ in range(400)])


def witten_bell(contexts, targets, context, lower):
    """One probability vector, straight from the definition."""
    followed = Counter(t for c, t in zip(contexts, targets, strict=True) if c == context)
    total, kinds = sum(followed.values()), len(followed)
    return (
        lower
        if not total
        else [(followed[a] + kinds * lower[a]) / (total + kinds) for a in range(len(lower))]
    )


def expected(table, history, targets, row):
    """The definition of every table, one row at a time, on lists."""
    frequency = [targets.count(a) / len(targets) for a in range(7)]
    if table == "unigram":
        return frequency
    if table == "repeat":
        return frequency if row[-1] < 0 else [(p + (a == row[-1])) / 2 for a, p in enumerate(frequency)]
    backward = [witten_bell([h[-d] for h in history], targets, row[-d], frequency) for d in range(1, 6)]
    if table == "bigram":
        return backward[0]
    if table == "trigram":
        return witten_bell([tuple(h[-2:]) for h in history], targets, tuple(row[-2:]), backward[0])
    if table == "distances":
        weights = [1 / d for d in range(1, 6)]
        return [
            sum(w * p[a] for w, p in zip(weights, backward, strict=True)) / sum(weights) for a in range(7)
        ]
    product = [1.0] * 7
    for made_of, size in ((SPACE.parts("action")["verb"], 4), (SPACE.parts("action")["noun"], 4)):
        part = {a: made_of[a] for a in range(7)} | {UNLABELLED: None}
        goals = [part[t] for t in targets]
        lower = [goals.count(c) / len(goals) for c in range(size)]
        found = witten_bell([part[h[-1]] for h in history], goals, part[row[-1]], lower)
        product = [p * found[made_of[a]] for a, p in enumerate(product)]
    return [p / sum(product) for p in product]


@pytest.mark.parametrize("table", ["unigram", "repeat", "bigram", "trigram", "distances", "parts"])
def test_each_table_is_its_definition(data, table):
    history, target = data
    model = build(table)
    model.fit(history[:300], target[:300])
    got = ask(model, history[250:])["action"].exp().numpy()
    lists, goals = history[:300].tolist(), target[:300].tolist()
    wanted = np.array([expected(table, lists, goals, row) for row in history[250:].tolist()])
    np.testing.assert_allclose(got, np.maximum(wanted, FLOOR), rtol=2e-6)
    np.testing.assert_allclose(got.sum(axis=1), 1, rtol=1e-6)


def test_several_tables_are_averaged_as_probabilities(data):
    history, target = data
    single = []
    for tables in (("trigram",), ("distances",), ("parts",), ("trigram", "distances", "parts")):
        model = build(*tables)
        model.fit(history, target)
        single.append(ask(model, history)["action"].double().exp())
    torch.testing.assert_close(single[3], torch.stack(single[:3]).mean(0), rtol=1e-5, atol=1e-8)


def test_verbs_and_nouns_are_sums_and_impossible_classes_get_the_floor(data):
    history, target = data
    model = build("bigram")
    model.fit(history, target)
    logits = ask(model, history[:20])
    action = logits["action"].double().exp()
    for head, made_of in (("verb", SPACE.parts("action")["verb"]), ("noun", SPACE.parts("action")["noun"])):
        wanted = torch.stack(
            [sum((action[:, a] for a in range(7) if made_of[a] == c), torch.zeros(20)) for c in range(4)],
            dim=1,
        )
        torch.testing.assert_close(logits[head].double().exp(), wanted, rtol=1e-5, atol=1e-9)
    assert torch.allclose(
        logits["verb"][:, 2].double(), torch.tensor(FLOOR).log().double()
    )  # no action has verb 2
    assert (logits["action"][:, 6] < -60).all() and torch.isfinite(
        logits["action"]
    ).all()  # action 6 was never a target


def test_an_empty_history_is_a_context_of_its_own():
    none, one = [UNLABELLED] * 5, [UNLABELLED] * 4 + [1]
    model = build("bigram")
    model.fit(torch.tensor([none, none, none, one]), torch.tensor([3, 3, 2, 5]))
    logits = ask(model, torch.tensor([none, one, [UNLABELLED] * 4 + [4]]))["action"]
    assert logits.argmax(dim=1).tolist() == [3, 5, 3]
    torch.testing.assert_close(logits[0, 3].exp(), torch.tensor((2 + 2 * 0.5) / (3 + 2)))
    torch.testing.assert_close(logits[2, 3].exp(), torch.tensor(0.5))  # never seen: class frequency


def test_short_histories_and_refits(data):
    history, target = data
    model = build("trigram", "distances", "parts")
    model.fit(history[:50], target[:50])
    model.fit(history, target)
    again = build("trigram", "distances", "parts")
    again.fit(history, target)
    assert torch.equal(ask(model, history)["action"], ask(again, history)["action"])
    again.fit(history[:, -1:], target)
    wide = torch.nn.functional.pad(history[:, -1:], (4, 0), value=UNLABELLED)
    assert torch.equal(ask(again, history[:, -1:])["action"], ask(again, wide)["action"])


@pytest.mark.parametrize(("history", "target"), [([[0, 9]], [1]), ([[0, 1]], [7]), ([[0, 1]], [-1])])
def test_ids_that_are_no_action_are_refused(history, target):
    with pytest.raises(DataError, match="action ids from 0 to 6"):
        build("trigram").fit(torch.tensor(history), torch.tensor(target))


def test_nothing_to_count_is_refused():
    with pytest.raises(DataError, match="0 training samples"):
        build("bigram").fit(torch.zeros(0, 5, dtype=torch.int64), torch.zeros(0, dtype=torch.int64))


def test_a_checkpoint_holds_the_tables(data, tmp_path):
    history, target = data
    spec = {"kind": "counts", "tables": ["trigram", "distances", "parts"]}
    model = families.build("models", spec, sources=SOURCES)
    model.fit(history, target)
    save_model(tmp_path / "checkpoint", model, spec, SPACE, {})
    loaded, _ = load_model(tmp_path / "checkpoint", SOURCES)
    assert torch.equal(ask(model, history)["action"], ask(loaded, history)["action"])
    sizes = defaultdict(int, {name: tensor.numel() for name, tensor in loaded.state_dict().items()})
    assert sizes["tables.pair.counts"] > sizes["tables.back1.counts"] > 0
