#include "attack_suite.h"

namespace junctor::script {

TEST_CASE("every attack is stopped and leaves nothing behind", "[script][attack]") {
  runAttacks(localRules());
}

}  // namespace junctor::script
