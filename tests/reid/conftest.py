"""What tests of networks share."""

import pytest
import torch
from torch import nn

from reid.models import ModelSettings, create_model


@pytest.fixture(scope="session")
def random_model():
    """random_model(**settings): a network whose every weight, statistic and centre matters."""

    def create(**settings):
        model = create_model(ModelSettings(**settings)).eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                nn.init.uniform_(module.weight, 0.5, 1.5)
                module.weight.data *= torch.randn_like(module.weight).sign()
                nn.init.normal_(module.bias, 0, 0.1)
        for level in model.levels:
            nn.init.normal_(level.hard.centres.weight, 0, 0.05)
        return model

    return create
