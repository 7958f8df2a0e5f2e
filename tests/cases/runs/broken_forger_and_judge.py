"""A small GAN on a ring, in a class of its own."""
import torch
import torch.nn.functional as F
from torch import nn


def ring(n):
    angle = torch.rand(n) * 6.2832
    return torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(n, 2)


class Game:
    def __init__(self):
        self.forger = nn.Sequential(nn.Linear(4, 24), nn.LeakyReLU(0.2), nn.Linear(24, 2))
        self.judge = nn.Sequential(nn.Linear(2, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
        self.forger_optimizer = torch.optim.Adam(self.forger.parameters(), lr=1e-3, betas=(0.5, 0.9))
        self.judge_optimizer = torch.optim.Adam(self.judge.parameters(), lr=1e-3, betas=(0.5, 0.9))

    def judges(self, real, fake):
        says = torch.cat([self.judge(real), self.judge(fake.detach())])
        truth = torch.cat([torch.ones(len(real), 1), torch.zeros(len(fake), 1)])
        loss = F.binary_cross_entropy_with_logits(says, truth)
        loss.backward()
        self.judge_optimizer.step()
        return loss

    def forges(self, fake):
        self.forger_optimizer.zero_grad()
        says = self.judge(fake)
        loss = F.binary_cross_entropy_with_logits(says, torch.ones_like(says))
        loss.backward()
        self.forger_optimizer.step()
        return loss

    def play(self):
        fake = self.forger(torch.randn(32, 4))
        return self.judges(ring(32), fake).item(), self.forges(fake).item()


torch.manual_seed(5)
game = Game()
for turn in range(20):
    print(turn, *game.play())
