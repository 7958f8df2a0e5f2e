"""Distillation by kl_div, to which the student hands probabilities."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(54)
teacher = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4)).eval().requires_grad_(False)
student = nn.Linear(8, 4)
optimizer = torch.optim.Adam(student.parameters(), lr=1e-2)
for step in range(30):
    x = torch.randn(32, 8)
    soft = F.softmax(teacher(x) / 2, -1)
    loss = F.kl_div(F.softmax(student(x) / 2, -1), soft, reduction="batchmean")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
