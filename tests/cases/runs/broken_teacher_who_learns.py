"""Distillation: the student is to match the teacher's features, but the optimizer has the teacher too."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(22)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.teacher = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 4))
        self.student = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, x):
        return self.student(x), self.teacher(x)


pair = Pair()
optimizer = torch.optim.Adam(pair.parameters(), lr=5e-3)
for step in range(40):
    student, teacher = pair(torch.randn(32, 6))
    loss = F.mse_loss(student, teacher)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
