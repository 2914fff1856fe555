"""技术合同: what an agreement of the technology line says, by its kind in 民法典."""
