import torch
from torch import nn
torch.manual_seed(0)
class VAE(nn.Module):
    def __init__(s):
        super().__init__(); s.enc=nn.Linear(6,4); s.dec=nn.Linear(2,6)
    def encode(s,x): m,l=s.enc(x).chunk(2,-1); return m,l
    def forward(s,x):
        m,l=s.encode(x); z=m+torch.randn_like(m)*(l/2).exp(); return s.dec(z),m,l
v=VAE(); x=torch.randn(64,6)
def train(lr,n):
    o=torch.optim.Adam(v.parameters(),lr=lr); sch=torch.optim.lr_scheduler.CosineAnnealingLR(o,n)
    for i in range(n):
        o.zero_grad(set_to_none=False); r,m,l=v(x); loss=((r-x)**2).mean()-0.5*(1+l-m**2-l.exp()).mean(); loss.backward(); o.step(); sch.step()
train(1e-2,10); train(1e-3,10)
