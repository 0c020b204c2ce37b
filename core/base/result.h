#pragma once
// Result<T>: a value or an Error. Members are named as in std::expected, so a later move is
// mechanical. A dropped result is a compiler warning.
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"

namespace junctor {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  template <class U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  T value_or(T fallback) && {
    return has_value() ? std::move(*this).value() : std::move(fallback);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const {}
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace junctor

#define JUNCTOR_CONCAT_INNER(a, b) a##b
#define JUNCTOR_CONCAT(a, b) JUNCTOR_CONCAT_INNER(a, b)

// JUNCTOR_TRY(auto x, expr): x = the value of expr, or return its error from this function.
#define JUNCTOR_TRY(decl, expr)                                                      \
  auto JUNCTOR_CONCAT(try_, __LINE__) = (expr);                                      \
  if (!JUNCTOR_CONCAT(try_, __LINE__).has_value())                                   \
    return std::move(JUNCTOR_CONCAT(try_, __LINE__)).error();                        \
  decl = std::move(JUNCTOR_CONCAT(try_, __LINE__)).value()

// JUNCTOR_CHECK(expr): return the error of a Result<void> (or of any Result whose value is unused).
#define JUNCTOR_CHECK(expr)                                                          \
  if (auto JUNCTOR_CONCAT(check_, __LINE__) = (expr);                                \
      !JUNCTOR_CONCAT(check_, __LINE__).has_value())                                 \
  return std::move(JUNCTOR_CONCAT(check_, __LINE__)).error()
