#include "CQueueScripts.h"
