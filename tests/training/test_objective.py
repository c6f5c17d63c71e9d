"""The objective against sums written out sample by sample, however the batch is cut."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tiny_training import ADAPTED, KL, TERMS, C, T, TinyNet, samples, teacher_scores

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.settings.model_config import TermConfig
from foretaste.training.objective import build_objective
from foretaste.training.samples import class_counts


def values(terms, batches, targets=lambda batch: {}, model=None) -> tuple[list[float], float]:
    """Each term over the whole of ``batches``, and the total, as the loop puts them together."""
    model = model or TinyNet().double()
    rows = samples()
    objective = build_objective([TermConfig(**term) for term in terms], class_counts(rows))
    denominators = sum(objective.denominators(batch) for batch in batches).tolist()
    sums = [objective.numerators(batch, model(batch), targets(batch)) for batch in batches]
    numerators = [sum(column) for column in zip(*sums, strict=True)]
    total = objective.total(numerators, denominators)
    return [n.item() / d if d else math.nan for n, d in zip(numerators, denominators)], float(
        torch.as_tensor(total).detach()
    )


def doubled(positions) -> Batch:
    batch = samples().batch(positions)
    return Batch(ids=batch.ids, inputs={"features": batch.inputs["features"].double()}, labels=batch.labels)


def log_softmax(row) -> np.ndarray:
    row = np.asarray(row, dtype=np.float64)
    return row - row.max() - math.log(np.exp(row - row.max()).sum())


def by_hand(batch: Batch, outputs: Outputs, teacher: np.ndarray) -> list[float]:
    """TERMS, written as sums over samples and positions, from the definitions."""
    logits, past = outputs.logits["action"].detach().numpy(), outputs.past_logits["action"].detach().numpy()
    labels, past_labels = batch.labels["action"].tolist(), batch.labels["past_action"].tolist()
    counts = np.bincount([label for label in samples().labels["action"].tolist() if label >= 0], minlength=C)
    weight = counts.sum() / (C * counts)
    top = bottom = 0.0
    for row, label in zip(logits, labels):
        if label >= 0:
            top -= weight[label] * log_softmax(row)[label]
            bottom += weight[label]
    past_sum = -sum(
        log_softmax(past[b, t])[past_labels[b][t]]
        for b in range(len(labels))
        for t in range(T)
        if past_labels[b][t] >= 0
    )
    features, following = batch.inputs["features"].numpy(), outputs.next_features.detach().numpy()
    squares = [(following[b, t] - features[b, t + 1]) ** 2 for b in range(len(labels)) for t in range(T - 1)]
    divergence = []
    for row, target in zip(logits, teacher):
        p, q = log_softmax(target / 2), log_softmax(row / 2)
        divergence += [4 * math.exp(a) * (a - b) for a, b in zip(p, q)]
    return [top / bottom, past_sum / (len(labels) * T), np.mean(squares), np.mean(divergence)]


@pytest.mark.parametrize(
    "cuts", [[range(11)], [range(1), range(1, 5), range(5, 11)], [[0, 5, 10], [1, 2, 3, 4, 6, 7, 8, 9]]]
)
def test_equals_sums_written_out_however_cut(cuts):
    torch.manual_seed(2)
    model = TinyNet().double()
    whole = doubled(range(11))
    targets = teacher_scores(whole.ids)
    expected = by_hand(whole, model(whole), targets(whole)["teacher"].logits["action"].double().numpy())
    found, total = values(TERMS, [doubled(cut) for cut in cuts], targets, model)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert total == pytest.approx(
        sum(term.get("weight", 1.0) * value for term, value in zip(TERMS, expected)), rel=1e-12
    )


def test_mean_of_parts_would_be_wrong():
    """The reason for numerators and denominators: parts with unequal numbers of labels do not weigh the
    same.
    """
    parts = [doubled([0, 5, 10, 15, 20, 1]), doubled(range(21, 25))]
    model = TinyNet().double()
    whole, _ = values(TERMS[:1], parts, model=model)
    means = [values(TERMS[:1], [part], model=model)[0][0] for part in parts]
    assert abs(whole[0] - sum(means) / 2) > 1e-3


@pytest.mark.parametrize(
    ("over", "rows"), [("labelled", [1, 2, 3, 4, 6]), ("unlabelled", [0, 5]), ("all", range(7))]
)
def test_over_chooses_samples(over, rows):
    torch.manual_seed(2)
    model = TinyNet().double()
    batch = doubled(range(7))
    targets = teacher_scores(batch.ids)
    term = {"loss": KL, "of": "action", "to": "teacher", "over": over}
    chosen, _ = values([term], [batch], targets, model)
    alone, _ = values([{**term, "over": "all"}], [doubled(rows)], targets, model)
    assert chosen[0] == pytest.approx(alone[0], rel=1e-12)


def test_labels_of_hidden_words_and_of_the_past_are_none_of_the_sample_s_own():
    """Whatever their number: as many hidden words as samples say nothing of a sample."""
    labels = {"action": torch.tensor([1, -1, -1]), "token": torch.tensor([4, 5, 6])}
    batch = Batch(ids=("a", "b", "c"), inputs={}, labels={**labels, "past_action": torch.tensor([1, 1, 1])})
    assert batch.labelled.tolist() == [True, False, False]


def test_an_adapter_follows_from_seed_and_term_alone_and_consumes_no_random_state():
    torch.manual_seed(2)
    batch, model = samples().batch(range(3)), TinyNet()
    outputs, targets = model(batch), teacher_scores(samples().ids)(batch)
    made = []
    for seed, terms in ((1, ADAPTED), (1, ADAPTED[1:2]), (2, ADAPTED)):
        objective = build_objective([TermConfig(**term) for term in terms], class_counts(samples()))
        torch.manual_seed(len(made))
        before = torch.random.get_rng_state()
        objective.adapt(outputs, targets, seed)
        assert torch.equal(before, torch.random.get_rng_state())
        made.append(dict(objective.named_parameters()))
    name = "maps_hidden_smooth_l1_teacher_maps_places.weight"
    assert made[0][name].shape == (3, 8)
    assert made[0]["embedding_kl_teacher_action.weight"].shape == (C, 8)
    assert torch.equal(made[0][name], made[1][name])
    assert not torch.equal(made[0][name], made[2][name])


def test_maps_through_an_adapter_by_hand():
    torch.manual_seed(2)
    batch, model = samples().batch(range(6)), TinyNet()
    targets = teacher_scores(batch.ids)(batch)
    objective = build_objective([TermConfig(**ADAPTED[1])])
    objective.adapt(model(batch), targets, 0)
    (weight, bias) = objective.parameters()
    (found,) = objective.numerators(batch, model(batch), targets)
    x = (model(batch).maps["hidden"] @ weight.T + bias - targets["teacher"].maps["places"]).abs()
    huber = torch.where(x < 1, x.square() / 2, x - 0.5)
    torch.testing.assert_close(found, huber.mean((1, 2)).sum())


def test_unlike_shapes_are_named_and_the_adapter_with_them():
    batch = samples().batch(range(3))
    term = {**ADAPTED[1], "through": None}
    with pytest.raises(ConfigError, match=r"maps.hidden of shape \(5, 8\) a sample, compared with \(5, 3\)"):
        values([term], [batch], teacher_scores(batch.ids), TinyNet())


def test_reductions_of_a_divergence():
    batch = doubled(range(8))
    targets = teacher_scores(batch.ids)
    model = TinyNet().double()
    term = {
        "loss": {"kind": "topk_kl", "k": 2, "temperature": 2.0, "t_squared": True, "renormalise": "both"},
        "of": "action",
        "to": "teacher",
    }
    (by_sample,), _ = values([term], [batch], targets, model)
    (by_element,), _ = values([{**term, "reduction": "elements"}], [batch], targets, model)
    assert by_sample == pytest.approx(2 * by_element)


def test_a_batch_without_labels_says_nothing():
    found, total = values(TERMS[:1], [doubled([0, 5])])
    assert math.isnan(found[0])
    assert total == 0


@pytest.mark.parametrize(("class_weights", "power"), [("balanced", 1.0), (0.6, 0.6)])
def test_class_weights_weight_the_mean(class_weights, power):
    batch, model = doubled(range(len(samples()))), TinyNet().double()
    (found,), _ = values([{**TERMS[0], "class_weights": class_weights}], [batch], model=model)
    labels = batch.labels["action"].numpy()
    known = labels >= 0
    weight = np.array([known.sum() / (C * (labels == label).sum()) for label in labels[known]]) ** power
    losses = [
        -log_softmax(row)[label]
        for row, label in zip(model(batch).logits["action"].detach().numpy()[known], labels[known])
    ]
    assert found == pytest.approx(np.average(losses, weights=weight), rel=1e-12)


def test_weight_zero_is_left_out():
    objective = build_objective([TermConfig(**TERMS[1]), TermConfig(**{**TERMS[3], "weight": 0.0})])
    assert [term.name for term in objective.terms] == ["past_action.cross_entropy"]
    assert objective.teachers == ()


def test_class_weights_need_a_label():
    term = TermConfig(loss={"kind": "cross_entropy"}, of="verb", class_weights="balanced")
    with pytest.raises(ConfigError, match="class_weights: balanced"):
        build_objective([term], {"action": torch.tensor([1, 2])})


def test_missing_outputs_and_labels_are_named():
    with pytest.raises(DataError, match="no labels for verb"):
        values([{"loss": {"kind": "cross_entropy"}, "of": "verb"}], [doubled([1])])
    batch = doubled([1])
    with pytest.raises(ConfigError, match="no verb from teacher: objective: one of action"):
        model = TinyNet().double()
        build = build_objective([TermConfig(loss=KL, of="verb", to="teacher")])
        outputs = model(batch)
        build.numerators(batch, Outputs(logits={"verb": outputs.logits["action"]}), {"teacher": outputs})


def test_a_window_of_one_frame_has_no_next_one():
    term = TermConfig(loss={"kind": "feature_mse"}, of="next_features", to="features", over="all")
    one = torch.zeros(2, 1, 4)
    batch = Batch(ids=("a", "b"), inputs={}, labels={})
    with pytest.raises(ConfigError, match="one frame, which no other follows"):
        build_objective([term]).numerators(batch, Outputs(features=one, next_features=one), {})
