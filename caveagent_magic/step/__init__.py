"""One step: the model's code is judged, rehearsed, decided on, run and observed."""

from caveagent_magic.step.at import At
from caveagent_magic.step.run import bind_result
from caveagent_magic.step.take import take_step

__all__ = ["At", "bind_result", "take_step"]
