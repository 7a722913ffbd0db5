"""All adapters by the name that a model card gives."""

from collections.abc import Mapping
from types import MappingProxyType

from lean_sidekick.tactics.prompts.api import Adapter
from lean_sidekick.tactics.prompts.bfs_prover import BFSProver
from lean_sidekick.tactics.prompts.reprover import ReProver

ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "reprover": ReProver(with_premises=False),
        "reprover-premises": ReProver(with_premises=True),
        "bfs-prover": BFSProver(),
        "openproof": BFSProver(temperature=0.6, top_k=10),
    }
)
