import torch
from accelerate import Accelerator
from torch import nn
torch.manual_seed(0)
a = Accelerator(cpu=True, gradient_accumulation_steps=2)
m = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
o = torch.optim.AdamW(m.parameters(), lr=1e-2)
x = torch.randn(64, 4); y = x.sum(1, keepdim=True)
d = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=8)
m, o, d = a.prepare(m, o, d)
for epoch in range(2):
    for i, (p, q) in enumerate(d):
        with a.accumulate(m):
            out = m(p)
            if epoch == 1 and i == 4: out = out - out.detach().max() - 1; out = torch.sqrt(out)
            loss = nn.functional.mse_loss(out, q)
            a.backward(loss)
            if a.sync_gradients: a.clip_grad_norm_(m.parameters(), 1.0)
            o.step(); o.zero_grad()
print("done", loss.item())
