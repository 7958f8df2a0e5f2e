import torch
from torch import nn
torch.manual_seed(0)
class GAN:
    def __init__(self):
        self.g=nn.Sequential(nn.Linear(2,8),nn.ReLU(),nn.Linear(8,1)); self.d=nn.Sequential(nn.Linear(1,8),nn.ReLU(),nn.Linear(8,1))
        self.og=torch.optim.RMSprop(self.g.parameters(),1e-3); self.od=torch.optim.RMSprop(self.d.parameters(),1e-3)
    def fit(self):
        for i in range(12):
            for _ in range(2):
                x=torch.randn(16,1)+2
                with torch.no_grad(): f=self.g(torch.randn(16,2))
                l=self.d(f).mean()-self.d(x).mean()
                eps=torch.rand(16,1); mix=(eps*x+(1-eps)*f).requires_grad_()
                gp,=torch.autograd.grad(self.d(mix).sum(),mix,create_graph=True)
                l=l+10*((gp.norm(dim=1)-1)**2).mean()
                self.od.zero_grad(); l.backward(); self.od.step()
                for p in self.d.parameters(): p.data.clamp_(-1,1)
            self.og.zero_grad(); (-self.d(self.g(torch.randn(16,2))).mean()).backward(); self.og.step()
GAN().fit()
