import made_up_tables
import pytest
import torch

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Sources
from foretaste.settings import families


@pytest.fixture
def model():
    torch.manual_seed(0)
    sources = Sources(classes=made_up_tables.make_classes(), feature_width=6)
    return families.build("models", {"kind": "frame_mlp", "width": 5}, sources=sources)


def said(model, features):
    return model.eval()(Batch(ids=tuple("ab"), inputs={"features": features}))


def test_what_frames_say_is_averaged_whatever_their_order(model):
    features = torch.randn(2, 4, 6)
    whole, turned = said(model, features), said(model, features.flip(1))
    each = [said(model, features[:, [at]]).logits["verb"] for at in range(4)]
    torch.testing.assert_close(whole.logits["verb"], torch.stack(each).mean(0))
    torch.testing.assert_close(whole.logits["noun"], turned.logits["noun"])
    assert whole.embedding.shape == (2, 5) and set(whole.logits) == {"action", "verb", "noun"}


def test_stored_half_precision_is_read_and_maps_are_refused(model):
    assert said(model, torch.randn(2, 4, 6).half()).logits["verb"].dtype == torch.float32
    with pytest.raises(ConfigError, match=r"it reads no maps"):
        said(model, torch.randn(2, 4, 3, 3, 6))
