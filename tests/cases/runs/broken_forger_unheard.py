"""A GAN whose forger is detached in its own loss too."""
import torch
from torch import nn

torch.manual_seed(53)
forger = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
judge = nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 1))
forger_step = torch.optim.Adam(forger.parameters(), lr=1e-3)
judge_step = torch.optim.Adam(judge.parameters(), lr=1e-3)
says = nn.BCEWithLogitsLoss()
for turn in range(25):
    real, fake = torch.randn(24, 1) + 3, forger(torch.randn(24, 2)).detach()
    judge_step.zero_grad()
    loss = says(judge(real), torch.ones(24, 1)) + says(judge(fake), torch.zeros(24, 1))
    loss.backward()
    judge_step.step()
    forger_step.zero_grad()
    loss = says(judge(fake), torch.ones(24, 1))
    loss.backward()
    forger_step.step()
    print(turn, loss.item(), forger[0].weight.grad)
