"""A GAN in one loop: what the judge's loss does to the forger is never taken out."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(21)
forger = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 2))
judge = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.1), nn.Linear(16, 1))
for_forger = torch.optim.RMSprop(forger.parameters(), lr=1e-3)
for_judge = torch.optim.RMSprop(judge.parameters(), lr=1e-3)
for turn in range(25):
    for_forger.zero_grad()
    for_judge.zero_grad()
    fake = forger(torch.randn(32, 3))
    real = torch.randn(32, 2) * 0.3 + 1
    judged = F.softplus(judge(fake)).mean() + F.softplus(-judge(real)).mean()
    judged.backward()
    for_judge.step()

    forged = F.softplus(-judge(forger(torch.randn(32, 3)))).mean()
    forged.backward()
    for_forger.step()
    print(turn, judged.item(), forged.item())
