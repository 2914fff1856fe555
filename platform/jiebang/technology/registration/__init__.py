"""技术合同认定登记: the seller's filing with the registration office, beside the agreement."""
