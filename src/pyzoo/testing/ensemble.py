"""LocalEnsemble for tests: real servers in processes of their own, to be killed and started again at will."""

from pyzoo.runtime.ensemble_plan import EnsembleError, PortTaken
from pyzoo.runtime.local_ensemble import LocalEnsemble, Member

__all__ = ["EnsembleError", "LocalEnsemble", "Member", "PortTaken"]
