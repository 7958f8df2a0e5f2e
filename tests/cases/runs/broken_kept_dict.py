import torch, copy, math
from torch import nn
F=nn.functional
torch.manual_seed(0)

class Trainer:
    def __init__(s): s.m=nn.Linear(4,1); s.o=torch.optim.Adam(s.m.parameters(),lr=.01); s.history={"loss":[]}
    def step(s,x):
        l=(s.m(x)-1).pow(2).mean(); s.o.zero_grad(); l.backward(); s.o.step(); s.history["loss"].append(l)
t=Trainer()
for i in range(24): t.step(torch.randn(30,4))
