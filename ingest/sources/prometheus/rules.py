"""How samples are read, as the settings say it."""

from dataclasses import replace
from types import MappingProxyType

from ingest.settings import PrometheusSettings
from ingest.usage.signals import LabelNames, Rules


def rules_of(setting: PrometheusSettings) -> Rules:
    """Return the rules of a setting; a label that it names comes before the usual names."""
    usual = LabelNames()
    own = {fact: (name, *getattr(usual, fact)) for fact, name in setting.labels.items()}
    return Rules(
        step_ms=round(setting.step_s * 1000),
        mig_weight=setting.mig_weight,
        replicas=MappingProxyType(dict(setting.replicas)),
        no_process_mib=setting.no_process_mib,
        labels=replace(usual, **own),
    )
