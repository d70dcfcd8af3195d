"""What other packages use of privacy."""

from services.privacy.encryption import Undecryptable, Vault
from services.privacy.masking import Finding, Masked, clean, mask, mend

__all__ = ["Finding", "Masked", "Undecryptable", "Vault", "clean", "mask", "mend"]
