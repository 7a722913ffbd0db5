"""The names of our own methods and commands. Standard library only: the bootstrap answers with them."""

STATUS_CHANGED = "leanSidekick/statusChanged"

COMPLETE_PROOF = "leanSidekick.completeProof"
RESTART_LEAN = "leanSidekick.restartLean"
FORGET_LEARNED = "leanSidekick.forgetLearned"

COMMANDS = (COMPLETE_PROOF, RESTART_LEAN, FORGET_LEARNED)
