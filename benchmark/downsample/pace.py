"""How many characters a second a model reads, by a short probe on the starter suite's texts."""

from __future__ import annotations

import statistics

from benchmark.catalog import STARTER, expanded, find_choices
from benchmark.errors import ModelError
from benchmark.forecast.estimate import Forecast, add, begin, finish
from benchmark.models.table import Settings
from benchmark.prepare import prepare


def characters_a_second(uri: str, settings: Settings = Settings()) -> float:
    """The pace that ``run --plan`` foretells on the starter suite, of its middle task.

    Scores are counted in, loading is not. A composite takes the sum of what its parts take. Raises
    ModelError when the model fails, and when nothing tells its pace.
    """
    forecasts = begin([uri], settings)
    for choice in expanded(find_choices([STARTER])):
        if not choice.task.parts:
            prepared = prepare(choice)
            for forecast in forecasts:
                add(forecast, prepared)
    for forecast in forecasts:
        finish(forecast)
    return 1 / sum(_seconds_a_character(uri, forecast) for forecast in forecasts)


def _seconds_a_character(uri: str, forecast: Forecast) -> float:
    """Of the task in the middle: the longest texts are cut by some models, and so read at once."""
    if forecast.failed:
        raise ModelError(forecast.failed)
    taken = [
        (work.encode + work.score) / work.characters
        for work in forecast.works
        if work.encode is not None and work.characters
    ]
    if not taken:
        raise ModelError(f"{uri}: no pace is known ({forecast.note}); give --cost instead")
    return statistics.median(taken)
