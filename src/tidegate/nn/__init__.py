"""Networks as torch modules: recurrent layers, encoders, decoders, dropout, losses and initialisation."""
