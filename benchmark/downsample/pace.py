"""How many characters a second a model reads, by a short probe on the starter suite's texts."""

from __future__ import annotations

from benchmark.catalog import STARTER, expanded, find_choices
from benchmark.errors import ModelError
from benchmark.forecast import add, begin, finish
from benchmark.models.table import Settings
from benchmark.prepare import prepare


def characters_a_second(uri: str, settings: Settings = Settings()) -> float:
    """Encode a few texts of the starter suite, long and short; raises ModelError when none is."""
    forecasts = begin([uri], settings)
    for choice in expanded(find_choices([STARTER])):
        if not choice.task.parts:
            prepared = prepare(choice)
            for forecast in forecasts:
                add(forecast, prepared)
    for forecast in forecasts:
        finish(forecast)
        if forecast.failed:
            raise ModelError(forecast.failed)
        if not forecast.seconds:
            raise ModelError(f"{uri}: no pace is known ({forecast.note}); give --cost instead")
    return min(f.characters / f.seconds for f in forecasts if f.seconds)
