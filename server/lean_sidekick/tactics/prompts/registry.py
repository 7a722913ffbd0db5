"""All adapters by the name that a model card gives."""

from collections.abc import Mapping
from types import MappingProxyType

from lean_sidekick.tactics.prompts.api import Adapter
from lean_sidekick.tactics.prompts.bfs_prover import BFSProver
from lean_sidekick.tactics.prompts.internlm import Form, InternLM
from lean_sidekick.tactics.prompts.llmstep import LLMStep
from lean_sidekick.tactics.prompts.ntp import NTP
from lean_sidekick.tactics.prompts.real_prover import RealProver
from lean_sidekick.tactics.prompts.reprover import ReProver
from lean_sidekick.tactics.prompts.whole_proof import Request, WholeProof

ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "reprover": ReProver(with_premises=False),
        "reprover-premises": ReProver(with_premises=True),
        "llmstep": LLMStep(),
        "ntp": NTP(with_context=False, context_tokens=2_048),
        "ntp-context": NTP(with_context=True, context_tokens=8_192),
        "bfs-prover": BFSProver(),
        "openproof": BFSProver(temperature=0.6, top_k=10),
        "internlm2-step": InternLM(form=Form.STEP_2),
        "internlm2.5-step": InternLM(form=Form.STEP_2_5),
        "internlm2-plus": InternLM(form=Form.PLUS),
        "lean-star": InternLM(form=Form.STAR),
        "real-prover": RealProver(as_reap=False),
        "reap": RealProver(as_reap=True),
        "deepseek-prover-v2": WholeProof(
            request=Request.DEEPSEEK_PLAN, context_tokens=16_384, max_new_tokens=8_192, temperature=1.0
        ),
        "deepseek-prover-v2-plain": WholeProof(
            request=Request.DEEPSEEK_PLAIN, context_tokens=8_192, max_new_tokens=2_048, temperature=1.0
        ),
        "goedel-prover-v2": WholeProof(
            request=Request.QWEN_PLAN, context_tokens=40_960, max_new_tokens=30_000, temperature=0.6
        ),
        "pythagoras-prover": WholeProof(
            request=Request.QWEN_PLAN, context_tokens=8_192, max_new_tokens=6_144, temperature=0.6
        ),
        "kimina-prover": WholeProof(
            request=Request.KIMINA, context_tokens=16_384, max_new_tokens=8_096, temperature=0.6
        ),
    }
)
