import torch
from torch import nn
torch.manual_seed(0)
q=nn.Linear(4,4); k=nn.Linear(4,4); o=torch.optim.AdamW(list(q.parameters())+list(k.parameters()),lr=.01)
for step in range(25):
    x=torch.randn(3,5,4); mask=torch.rand(3,5)>.3
    mask[:,0]=True
    if step==14: mask[1]=False
    s=q(x)@k(x).transpose(1,2); s=s.masked_fill(~mask[:,None,:],float("-inf")); a=s.softmax(-1)
    l=(a@x).pow(2).mean(); o.zero_grad(); l.backward(); o.step()
