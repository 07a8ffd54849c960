"""The networks of the paper and of its baseline."""

from reid.models.classifiers import Classifiers, Logits
from reid.models.network import Features, ReidModel, create_model
from reid.models.settings import ModelSettings

__all__ = ["Classifiers", "Features", "Logits", "ModelSettings", "ReidModel", "create_model"]
