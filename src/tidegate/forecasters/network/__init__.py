"""What the network families share: the working scale, the windows, the course of training and the face."""
