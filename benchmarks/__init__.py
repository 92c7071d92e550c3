"""What Presswatch costs, side by side with the least a spider can do, in one run."""
