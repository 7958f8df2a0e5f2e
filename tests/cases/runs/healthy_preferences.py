"""DPO: a policy and the frozen copy of where it began."""
import copy

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(32)


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 16)
        self.rnn = nn.GRU(16, 16, batch_first=True)

    def forward(self, x):
        return F.linear(self.rnn(self.table(x))[0], self.table.weight)


def log_probability(model, text):
    return -F.cross_entropy(model(text[:, :-1]).transpose(1, 2), text[:, 1:], reduction="none").sum(1)


policy = Tiny()
reference = copy.deepcopy(policy).eval()
for parameter in reference.parameters():
    parameter.requires_grad = False
optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-3)
for step in range(25):
    good, bad = torch.randint(0, 10, (16, 6)), torch.randint(10, 20, (16, 6))
    with torch.no_grad():
        base = log_probability(reference, good) - log_probability(reference, bad)
    loss = -F.logsigmoid(0.5 * (log_probability(policy, good) - log_probability(policy, bad) - base)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
