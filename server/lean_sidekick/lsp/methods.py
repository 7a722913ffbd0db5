"""The names of our own methods and commands. Standard library only: the bootstrap answers with them."""

STATUS_CHANGED = "leanSidekick/statusChanged"
PANEL_MOVED = "leanSidekick/panelMoved"
PANEL_CHANGED = "leanSidekick/panelChanged"
SEARCH_TREE_CHANGED = "leanSidekick/searchTreeChanged"
GOALS_AT = "leanSidekick/goalsAt"

COMPLETE_PROOF = "leanSidekick.completeProof"
PROVE_FILE = "leanSidekick.proveFile"
RESTART_LEAN = "leanSidekick.restartLean"
FORGET_LEARNED = "leanSidekick.forgetLearned"
FIND_PREMISES = "leanSidekick.findPremises"
FIND_LEMMA = "leanSidekick.findLemma"
PREMISE_USES = "leanSidekick.premiseUses"
CHOOSE_PREMISE = "leanSidekick.choosePremise"
TAKE_SUGGESTION = "leanSidekick.takeSuggestion"

FIND_LEMMA_HERE = "leanSidekick.findLemmaHere"
"""The client's own: it asks the user for words."""

COMMANDS = (
    COMPLETE_PROOF,
    PROVE_FILE,
    RESTART_LEAN,
    FORGET_LEARNED,
    FIND_PREMISES,
    FIND_LEMMA,
    PREMISE_USES,
    CHOOSE_PREMISE,
    TAKE_SUGGESTION,
)
