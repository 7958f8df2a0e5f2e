"""transformers' models from a config, with random weights. The library takes a second to import: only who builds one waits."""

from __future__ import annotations

from typing import Any

import torch


def bert(layers: int) -> Any:
    import transformers

    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=100, hidden_size=32, num_hidden_layers=layers, num_attention_heads=4, intermediate_size=64
    )
    return transformers.BertForMaskedLM(config)


def gpt2(layers: int) -> Any:
    import transformers

    torch.manual_seed(0)
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=100, n_embd=32, n_layer=layers, n_head=4))
