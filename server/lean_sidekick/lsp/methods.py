"""The names of our own methods and commands. Standard library only: the bootstrap answers with them."""

STATUS_CHANGED = "leanSidekick/statusChanged"
GOALS_AT = "leanSidekick/goalsAt"

COMPLETE_PROOF = "leanSidekick.completeProof"
PROVE_FILE = "leanSidekick.proveFile"
RESTART_LEAN = "leanSidekick.restartLean"
FORGET_LEARNED = "leanSidekick.forgetLearned"
FIND_PREMISES = "leanSidekick.findPremises"
FIND_LEMMA = "leanSidekick.findLemma"
PREMISE_USES = "leanSidekick.premiseUses"
CHOOSE_PREMISE = "leanSidekick.choosePremise"

COMMANDS = (
    COMPLETE_PROOF,
    PROVE_FILE,
    RESTART_LEAN,
    FORGET_LEARNED,
    FIND_PREMISES,
    FIND_LEMMA,
    PREMISE_USES,
    CHOOSE_PREMISE,
)
