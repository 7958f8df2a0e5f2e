import torch, lightning as L
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
class Lit(L.LightningModule):
    def __init__(self):
        super().__init__(); self.net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)); self.unused = nn.Linear(2, 2)
    def training_step(self, batch, i):
        x, y = batch
        return nn.functional.mse_loss(self.net(x), y.squeeze(1))
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-2)
x = torch.randn(64, 4); y = x.sum(1, keepdim=True)
t = L.Trainer(max_epochs=2, logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu")
t.fit(Lit(), DataLoader(TensorDataset(x, y), batch_size=16))
