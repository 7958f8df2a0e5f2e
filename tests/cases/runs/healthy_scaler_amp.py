import torch
from torch import nn
torch.manual_seed(0)
m=nn.Sequential(nn.Linear(4,16),nn.ReLU(),nn.Dropout(0.1),nn.Linear(16,1))
o=torch.optim.AdamW(m.parameters(),1e-3); s=torch.amp.GradScaler("cpu",init_scale=2.**20)
x=torch.randn(64,4);y=x.sum(1,keepdim=True)
for i in range(20):
    o.zero_grad()
    with torch.autocast("cpu",dtype=torch.float16):
        l=nn.functional.mse_loss(m(x),y)
    s.scale(l).backward(); s.unscale_(o); nn.utils.clip_grad_norm_(m.parameters(),1.0); s.step(o); s.update()
print(l.item())
