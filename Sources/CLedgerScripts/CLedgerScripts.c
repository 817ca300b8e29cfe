#include "CLedgerScripts.h"
