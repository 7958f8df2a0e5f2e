import torch
from torch import nn
torch.manual_seed(0)
pi=nn.Sequential(nn.Linear(3,16),nn.Tanh(),nn.Linear(16,2)); opt=torch.optim.Adam(pi.parameters(),1e-2)
for ep in range(15):
    logs=[]; rew=[]
    for t in range(8):
        s=torch.randn(3); d=torch.distributions.Categorical(logits=pi(s)); a=d.sample(); logs.append(d.log_prob(a)); rew.append(float(a==int(s[0]>0)))
    R=torch.tensor(rew); R=(R-R.mean())
    loss=-(torch.stack(logs)*R).sum()
    opt.zero_grad(); loss.backward(); opt.step()
