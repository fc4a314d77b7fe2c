"""What makes a proof a proof: seals, Merkle trees and the register's signatures. Checked here by everybody, the exchange included."""
